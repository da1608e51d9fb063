CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.call (
    key text NOT NULL,
    epoch integer NOT NULL,
    sent_at double precision NOT NULL,
    ended_at double precision,
    status text NOT NULL,
    outcome text
);
CREATE TABLE public.meta (
    id integer NOT NULL,
    identity_key bytea NOT NULL,
    sessions integer NOT NULL
);
CREATE TABLE public.push (
    key text NOT NULL,
    account text NOT NULL,
    open_id text NOT NULL,
    pushed_at bigint NOT NULL,
    biz_id text NOT NULL,
    order_id text NOT NULL,
    waybill_id text NOT NULL,
    shop_app_id text NOT NULL,
    state text NOT NULL,
    received_at double precision NOT NULL,
    calls integer NOT NULL,
    outcome text,
    basis text,
    message text NOT NULL,
    told text,
    deliveries integer NOT NULL,
    owner text NOT NULL,
    called_at double precision NOT NULL,
    settled_at double precision NOT NULL,
    why text NOT NULL
);
CREATE TABLE public.resolution (
    id integer NOT NULL,
    key text NOT NULL,
    who text NOT NULL,
    reason text NOT NULL,
    outcome text NOT NULL,
    at double precision NOT NULL
);
CREATE SEQUENCE public.resolution_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.resolution_id_seq OWNED BY public.resolution.id;
ALTER TABLE ONLY public.resolution ALTER COLUMN id SET DEFAULT nextval('public.resolution_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0001');
INSERT INTO public.call VALUES ('00010001000100010001000100010001', 1, 1764300002, NULL, '', NULL);
INSERT INTO public.call VALUES ('00020002000200020002000200020002', 1, 1764300003, NULL, '', NULL);
INSERT INTO public.call VALUES ('000a000a000a000a000a000a000a000a', 1, 1764300011, 1764300011.25, 'WITHDRAWN', 'failed');
INSERT INTO public.call VALUES ('000b000b000b000b000b000b000b000b', 1, 1764300012, 1764300012.25, 'WITHDRAWN', 'failed');
INSERT INTO public.call VALUES ('000c000c000c000c000c000c000c000c', 1, 1764300013, 1764300013.25, 'UNAVAILABLE', 'in_doubt');
INSERT INTO public.call VALUES ('000c000c000c000c000c000c000c000c', 2, 1764300014, 1764300014.25, 'WITHDRAWN', 'failed');
INSERT INTO public.call VALUES ('000d000d000d000d000d000d000d000d', 1, 1764300014, 1764300014.25, 'UNAVAILABLE', 'in_doubt');
INSERT INTO public.call VALUES ('000d000d000d000d000d000d000d000d', 2, 1764300015, 1764300015.25, 'WITHDRAWN', 'failed');
INSERT INTO public.call VALUES ('000e000e000e000e000e000e000e000e', 1, 1764300015, 1764300015.25, 'UNAVAILABLE', 'in_doubt');
INSERT INTO public.call VALUES ('000f000f000f000f000f000f000f000f', 1, 1764300016, 1764300016.25, 'DEADLINE_EXCEEDED', 'in_doubt');
INSERT INTO public.call VALUES ('00100010001000100010001000100010', 1, 1764300017, 1764300017.25, 'UNKNOWN_7', 'in_doubt');
INSERT INTO public.call VALUES ('00110011001100110011001100110011', 1, 1764300018, 1764300018.25, 'lookup_ok', 'in_doubt');
INSERT INTO public.call VALUES ('00160016001600160016001600160016', 1, 1764300023, NULL, '', NULL);
INSERT INTO public.call VALUES ('00120012001200120012001200120012', 1, 1764300019, 1764300019.25, 'withdrawn', 'in_doubt');
INSERT INTO public.call VALUES ('00130013001300130013001300130013', 1, 1764300020, 1764300020.25, 'paused', 'in_doubt');
INSERT INTO public.call VALUES ('00140014001400140014001400140014', 1, 1764300021, 1764300021.25, 'owner_died', 'in_doubt');
INSERT INTO public.call VALUES ('00150015001500150015001500150015', 1, 1764300022, 1764300022.25, 'UNAVAILABLE', 'in_doubt');
INSERT INTO public.call VALUES ('00170017001700170017001700170017', 1, 1764300024, 1764300024.25, 'UNAVAILABLE', 'in_doubt');
INSERT INTO public.call VALUES ('00170017001700170017001700170017', 2, 1764300025, NULL, '', NULL);
INSERT INTO public.call VALUES ('00180018001800180018001800180018', 1, 1764300025, 1764300025.25, 'lookup_ok', 'in_doubt');
INSERT INTO public.call VALUES ('00180018001800180018001800180018', 2, 1764300026, NULL, '', NULL);
INSERT INTO public.call VALUES ('00190019001900190019001900190019', 1, 1764300026, 1764300026.25, 'UNAVAILABLE', 'in_doubt');
INSERT INTO public.call VALUES ('00190019001900190019001900190019', 2, 1764300027, NULL, '', NULL);
INSERT INTO public.call VALUES ('001a001a001a001a001a001a001a001a', 1, 1764300027, 1764300027.25, 'CANCELLED', 'cancelled');
INSERT INTO public.call VALUES ('001b001b001b001b001b001b001b001b', 1, 1764300028, 1764300028.25, 'CANCELLED', 'cancelled');
INSERT INTO public.call VALUES ('001c001c001c001c001c001c001c001c', 1, 1764300029, 1764300029.25, 'NOT_FOUND', 'not_found');
INSERT INTO public.call VALUES ('001d001d001d001d001d001d001d001d', 1, 1764300030, 1764300030.25, 'NOT_FOUND', 'not_found');
INSERT INTO public.call VALUES ('001e001e001e001e001e001e001e001e', 1, 1764300031, 1764300031.25, 'PICKED_UP', 'picked_up');
INSERT INTO public.call VALUES ('001f001f001f001f001f001f001f001f', 1, 1764300032, 1764300032.25, 'PICKED_UP', 'picked_up');
INSERT INTO public.call VALUES ('00200020002000200020002000200020', 1, 1764300033, 1764300033.25, 'INVALID', 'invalid');
INSERT INTO public.call VALUES ('00210021002100210021002100210021', 1, 1764300034, 1764300034.25, 'INVALID', 'invalid');
INSERT INTO public.call VALUES ('00220022002200220022002200220022', 1, 1764300035, 1764300035.25, 'ALREADY_CANCELLED', 'already_cancelled');
INSERT INTO public.call VALUES ('00230023002300230023002300230023', 1, 1764300036, 1764300036.25, 'ALREADY_CANCELLED', 'already_cancelled');
INSERT INTO public.call VALUES ('00240024002400240024002400240024', 1, 1764300037, 1764300037.25, 'UNSUPPORTED', 'unsupported');
INSERT INTO public.call VALUES ('00250025002500250025002500250025', 1, 1764300038, 1764300038.25, 'UNSUPPORTED', 'unsupported');
INSERT INTO public.call VALUES ('00260026002600260026002600260026', 1, 1764300039, 1764300039.25, 'FAILED', 'failed');
INSERT INTO public.call VALUES ('00270027002700270027002700270027', 1, 1764300040, 1764300040.25, 'FAILED', 'failed');
INSERT INTO public.call VALUES ('00280028002800280028002800280028', 1, 1764300041, 1764300041.25, 'lookup_ok', 'cancelled');
INSERT INTO public.call VALUES ('00290029002900290029002900290029', 1, 1764300042, 1764300042.25, 'lookup', 'cancelled');
INSERT INTO public.call VALUES ('002a002a002a002a002a002a002a002a', 1, 1764300043, 1764300043.25, 'inferred', 'cancelled');
INSERT INTO public.call VALUES ('002b002b002b002b002b002b002b002b', 1, 1764300044, 1764300044.25, 'withdrawn', 'cancelled');
INSERT INTO public.call VALUES ('002c002c002c002c002c002c002c002c', 1, 1764300045, 1764300045.25, 'paused', 'cancelled');
INSERT INTO public.call VALUES ('002d002d002d002d002d002d002d002d', 1, 1764300046, 1764300046.25, 'operator', 'cancelled');
INSERT INTO public.call VALUES ('002e002e002e002e002e002e002e002e', 1, 1764300047, 1764300047.25, 'UNAVAILABLE', 'in_doubt');
INSERT INTO public.call VALUES ('002e002e002e002e002e002e002e002e', 2, 1764300048, 1764300048.25, 'CANCELLED', 'cancelled');
INSERT INTO public.call VALUES ('002f002f002f002f002f002f002f002f', 1, 1764300048, 1764300048.25, 'UNAVAILABLE', 'in_doubt');
INSERT INTO public.call VALUES ('002f002f002f002f002f002f002f002f', 2, 1764300049, 1764300049.25, 'ALREADY', 'already_cancelled');
INSERT INTO public.call VALUES ('00300030003000300030003000300030', 1, 1764300049, 1764300049.25, 'UNAVAILABLE', 'in_doubt');
INSERT INTO public.call VALUES ('00300030003000300030003000300030', 2, 1764300050, 1764300050.25, 'lookup_ok', 'already_cancelled');
INSERT INTO public.call VALUES ('00310031003100310031003100310031', 1, 1764300050, 1764300050.25, 'UNAVAILABLE', 'in_doubt');
INSERT INTO public.call VALUES ('00330033003300330033003300330033', 1, 1764300052, 1764300052.25, 'UNAVAILABLE', 'in_doubt');
INSERT INTO public.call VALUES ('00350035003500350035003500350035', 1, 1764300054, 1764300054.25, 'UNAVAILABLE', 'in_doubt');
INSERT INTO public.call VALUES ('00370037003700370037003700370037', 1, 1764300056, 1764300056.25, 'UNAVAILABLE', 'in_doubt');
INSERT INTO public.call VALUES ('00380038003800380038003800380038', 1, 1764300057, 1764300057.25, 'ALREADY', 'already_cancelled');
INSERT INTO public.call VALUES ('00390039003900390039003900390039', 1, 1764300058, 1764300058.25, 'UNAVAILABLE', 'in_doubt');
INSERT INTO public.call VALUES ('003a003a003a003a003a003a003a003a', 1, 1764300059, 1764300059.25, 'lookup_ok', 'already_cancelled');
INSERT INTO public.call VALUES ('003b003b003b003b003b003b003b003b', 1, 1764300060, 1764300060.25, 'UNAVAILABLE', 'in_doubt');
INSERT INTO public.call VALUES ('003c003c003c003c003c003c003c003c', 1, 1764300061, 1764300061.25, 'UNAVAILABLE', 'in_doubt');
INSERT INTO public.call VALUES ('003d003d003d003d003d003d003d003d', 1, 1764300062, 1764300062.25, 'UNAVAILABLE', 'in_doubt');
INSERT INTO public.call VALUES ('003e003e003e003e003e003e003e003e', 1, 1764300063, 1764300063.25, 'UNAVAILABLE', 'in_doubt');
INSERT INTO public.meta VALUES (1, '\xa255ae7eb6f3c20de0f91efe87c19e01765cc66b6bcb962d8de0e5f18db89b21', 2);
INSERT INTO public.push VALUES ('00010001000100010001000100010001', 'gh_abcdefg', 'oABCD', 1533042557, 'xyz', 'ORDER1', 'SF0001', 'wxABCD', 'in_doubt', 1764300001, 1, NULL, NULL, '', 'in_doubt', 1, '1', 1764300002, 0, 'owner died');
INSERT INTO public.push VALUES ('00020002000200020002000200020002', 'gh_abcdefg', 'oABCD', 1533042558, 'xyz', 'ORDER2', 'SF0002', 'wxABCD', 'in_doubt', 1764300002, 1, NULL, NULL, '', NULL, 1, '1', 1764300003, 0, 'owner died');
INSERT INTO public.push VALUES ('00030003000300030003000300030003', 'gh_abcdefg', 'oABCD', 1533042559, 'xyz', 'ORDER3', 'SF0003', 'wxABCD', 'unsent', 1764300003, 0, NULL, NULL, '', NULL, 1, '', 0, 0, 'carrier_unreachable');
INSERT INTO public.push VALUES ('00040004000400040004000400040004', 'gh_abcdefg', 'oABCD', 1533042560, 'xyz', 'ORDER4', 'SF0004', 'wxABCD', 'unsent', 1764300004, 0, NULL, NULL, '', NULL, 1, '', 0, 0, 'ledger_unavailable');
INSERT INTO public.push VALUES ('00050005000500050005000500050005', 'gh_abcdefg', 'oABCD', 1533042561, 'xyz', 'ORDER5', 'SF0005', 'wxABCD', 'unsent', 1764300005, 0, NULL, NULL, '', NULL, 1, '', 0, 0, 'turn_not_reached');
INSERT INTO public.push VALUES ('00060006000600060006000600060006', 'gh_abcdefg', 'oABCD', 1533042562, 'xyz', 'ORDER6', 'SF0006', 'wxABCD', 'unsent', 1764300006, 0, NULL, NULL, '', NULL, 1, '', 0, 0, 'shed');
INSERT INTO public.push VALUES ('00070007000700070007000700070007', 'gh_abcdefg', 'oABCD', 1533042563, 'xyz', 'ORDER7', 'SF0007', 'wxABCD', 'unsent', 1764300007, 0, NULL, NULL, '', NULL, 1, '', 0, 0, 'paused');
INSERT INTO public.push VALUES ('00090009000900090009000900090009', 'gh_abcdefg', 'oABCD', 1533042565, 'xyz', 'ORDER9', 'SF0009', 'wxABCD', 'unsent', 1764300009, 0, NULL, NULL, '', NULL, 1, '', 0, 0, 'refused');
INSERT INTO public.push VALUES ('000a000a000a000a000a000a000a000a', 'gh_abcdefg', 'oABCD', 1533042566, 'xyz', 'ORDER10', 'SF0010', 'wxABCD', 'unsent', 1764300010, 0, NULL, NULL, '', NULL, 1, '2', 1764300010, 0, 'withdrawn');
INSERT INTO public.push VALUES ('00270027002700270027002700270027', 'gh_abcdefg', 'oABCD', 1533042595, 'xyz', 'ORDER39', 'SF0039', 'wxABCD', 'done', 1764300039, 1, 'failed', 'carrier', '', NULL, 1, '2', 1764300040, 1764300040.25, 'FAILED');
INSERT INTO public.push VALUES ('00280028002800280028002800280028', 'gh_abcdefg', 'oABCD', 1533042596, 'xyz', 'ORDER40', 'SF0040', 'wxABCD', 'done', 1764300040, 1, 'cancelled', 'carrier', '', 'cancelled', 1, '2', 1764300041, 1764300041.25, 'lookup_ok');
INSERT INTO public.push VALUES ('00290029002900290029002900290029', 'gh_abcdefg', 'oABCD', 1533042597, 'xyz', 'ORDER41', 'SF0041', 'wxABCD', 'done', 1764300041, 1, 'cancelled', 'carrier', '', 'cancelled', 1, '2', 1764300042, 1764300042.25, 'lookup');
INSERT INTO public.push VALUES ('002a002a002a002a002a002a002a002a', 'gh_abcdefg', 'oABCD', 1533042598, 'xyz', 'ORDER42', 'SF0042', 'wxABCD', 'done', 1764300042, 1, 'cancelled', 'carrier', '', 'cancelled', 1, '2', 1764300043, 1764300043.25, 'inferred');
INSERT INTO public.push VALUES ('002b002b002b002b002b002b002b002b', 'gh_abcdefg', 'oABCD', 1533042599, 'xyz', 'ORDER43', 'SF0043', 'wxABCD', 'done', 1764300043, 1, 'cancelled', 'carrier', '', 'cancelled', 1, '2', 1764300044, 1764300044.25, 'withdrawn');
INSERT INTO public.push VALUES ('000b000b000b000b000b000b000b000b', 'gh_abcdefg', 'oABCD', 1533042567, 'xyz', 'ORDER11', 'SF0011', 'wxABCD', 'unsent', 1764300011, 0, NULL, NULL, '', NULL, 1, '2', 1764300011, 0, 'carrier_unreachable');
INSERT INTO public.push VALUES ('00170017001700170017001700170017', 'gh_abcdefg', 'oABCD', 1533042579, 'xyz', 'ORDER23', 'SF0023', 'wxABCD', 'calling', 1764300023, 2, NULL, NULL, '', NULL, 1, '2', 1764300025, 0, 'UNAVAILABLE');
INSERT INTO public.push VALUES ('000c000c000c000c000c000c000c000c', 'gh_abcdefg', 'oABCD', 1533042568, 'xyz', 'ORDER12', 'SF0012', 'wxABCD', 'in_doubt', 1764300012, 1, NULL, NULL, '', NULL, 1, '2', 1764300013, 0, 'withdrawn');
INSERT INTO public.push VALUES ('000d000d000d000d000d000d000d000d', 'gh_abcdefg', 'oABCD', 1533042569, 'xyz', 'ORDER13', 'SF0013', 'wxABCD', 'in_doubt', 1764300013, 1, NULL, NULL, '', NULL, 1, '2', 1764300014, 0, 'carrier_unreachable');
INSERT INTO public.push VALUES ('000e000e000e000e000e000e000e000e', 'gh_abcdefg', 'oABCD', 1533042570, 'xyz', 'ORDER14', 'SF0014', 'wxABCD', 'in_doubt', 1764300014, 1, NULL, NULL, '', 'in_doubt', 1, '2', 1764300015, 0, 'UNAVAILABLE');
INSERT INTO public.push VALUES ('000f000f000f000f000f000f000f000f', 'gh_abcdefg', 'oABCD', 1533042571, 'xyz', 'ORDER15', 'SF0015', 'wxABCD', 'in_doubt', 1764300015, 1, NULL, NULL, '', 'in_doubt', 1, '2', 1764300016, 0, 'DEADLINE_EXCEEDED');
INSERT INTO public.push VALUES ('00100010001000100010001000100010', 'gh_abcdefg', 'oABCD', 1533042572, 'xyz', 'ORDER16', 'SF0016', 'wxABCD', 'in_doubt', 1764300016, 1, NULL, NULL, '', 'in_doubt', 1, '2', 1764300017, 0, 'UNKNOWN_7');
INSERT INTO public.push VALUES ('00110011001100110011001100110011', 'gh_abcdefg', 'oABCD', 1533042573, 'xyz', 'ORDER17', 'SF0017', 'wxABCD', 'in_doubt', 1764300017, 1, NULL, NULL, '', 'in_doubt', 1, '2', 1764300018, 0, 'lookup_ok');
INSERT INTO public.push VALUES ('00120012001200120012001200120012', 'gh_abcdefg', 'oABCD', 1533042574, 'xyz', 'ORDER18', 'SF0018', 'wxABCD', 'in_doubt', 1764300018, 1, NULL, NULL, '', 'in_doubt', 1, '2', 1764300019, 0, 'withdrawn');
INSERT INTO public.push VALUES ('00130013001300130013001300130013', 'gh_abcdefg', 'oABCD', 1533042575, 'xyz', 'ORDER19', 'SF0019', 'wxABCD', 'in_doubt', 1764300019, 1, NULL, NULL, '', 'in_doubt', 1, '2', 1764300020, 0, 'paused');
INSERT INTO public.push VALUES ('00140014001400140014001400140014', 'gh_abcdefg', 'oABCD', 1533042576, 'xyz', 'ORDER20', 'SF0020', 'wxABCD', 'in_doubt', 1764300020, 1, NULL, NULL, '', 'in_doubt', 1, '2', 1764300021, 0, 'owner_died');
INSERT INTO public.push VALUES ('00150015001500150015001500150015', 'gh_abcdefg', 'oABCD', 1533042577, 'xyz', 'ORDER21', 'SF0021', 'wxABCD', 'in_doubt', 1764300021, 1, NULL, NULL, '', NULL, 1, '2', 1764300022, 0, 'UNAVAILABLE');
INSERT INTO public.push VALUES ('00160016001600160016001600160016', 'gh_abcdefg', 'oABCD', 1533042578, 'xyz', 'ORDER22', 'SF0022', 'wxABCD', 'calling', 1764300022, 1, NULL, NULL, '', NULL, 1, '2', 1764300023, 0, '');
INSERT INTO public.push VALUES ('00180018001800180018001800180018', 'gh_abcdefg', 'oABCD', 1533042580, 'xyz', 'ORDER24', 'SF0024', 'wxABCD', 'calling', 1764300024, 2, NULL, NULL, '', NULL, 1, '2', 1764300026, 0, 'lookup_ok');
INSERT INTO public.push VALUES ('00190019001900190019001900190019', 'gh_abcdefg', 'oABCD', 1533042581, 'xyz', 'ORDER25', 'SF0025', 'wxABCD', 'calling', 1764300025, 2, NULL, NULL, '', 'in_doubt', 2, '2', 1764300027, 0, '');
INSERT INTO public.push VALUES ('001a001a001a001a001a001a001a001a', 'gh_abcdefg', 'oABCD', 1533042582, 'xyz', 'ORDER26', 'SF0026', 'wxABCD', 'done', 1764300026, 1, 'cancelled', 'carrier', 'so they say', 'cancelled', 1, '2', 1764300027, 1764300027.25, 'CANCELLED');
INSERT INTO public.push VALUES ('001b001b001b001b001b001b001b001b', 'gh_abcdefg', 'oABCD', 1533042583, 'xyz', 'ORDER27', 'SF0027', 'wxABCD', 'done', 1764300027, 1, 'cancelled', 'carrier', '', NULL, 1, '2', 1764300028, 1764300028.25, 'CANCELLED');
INSERT INTO public.push VALUES ('001c001c001c001c001c001c001c001c', 'gh_abcdefg', 'oABCD', 1533042584, 'xyz', 'ORDER28', 'SF0028', 'wxABCD', 'done', 1764300028, 1, 'not_found', 'carrier', 'so they say', 'not_found', 1, '2', 1764300029, 1764300029.25, 'NOT_FOUND');
INSERT INTO public.push VALUES ('001d001d001d001d001d001d001d001d', 'gh_abcdefg', 'oABCD', 1533042585, 'xyz', 'ORDER29', 'SF0029', 'wxABCD', 'done', 1764300029, 1, 'not_found', 'carrier', '', NULL, 1, '2', 1764300030, 1764300030.25, 'NOT_FOUND');
INSERT INTO public.push VALUES ('001e001e001e001e001e001e001e001e', 'gh_abcdefg', 'oABCD', 1533042586, 'xyz', 'ORDER30', 'SF0030', 'wxABCD', 'done', 1764300030, 1, 'picked_up', 'carrier', 'so they say', 'picked_up', 1, '2', 1764300031, 1764300031.25, 'PICKED_UP');
INSERT INTO public.push VALUES ('001f001f001f001f001f001f001f001f', 'gh_abcdefg', 'oABCD', 1533042587, 'xyz', 'ORDER31', 'SF0031', 'wxABCD', 'done', 1764300031, 1, 'picked_up', 'carrier', '', NULL, 1, '2', 1764300032, 1764300032.25, 'PICKED_UP');
INSERT INTO public.push VALUES ('00200020002000200020002000200020', 'gh_abcdefg', 'oABCD', 1533042588, 'xyz', 'ORDER32', 'SF0032', 'wxABCD', 'done', 1764300032, 1, 'invalid', 'carrier', 'so they say', 'invalid', 1, '2', 1764300033, 1764300033.25, 'INVALID');
INSERT INTO public.push VALUES ('00210021002100210021002100210021', 'gh_abcdefg', 'oABCD', 1533042589, 'xyz', 'ORDER33', 'SF0033', 'wxABCD', 'done', 1764300033, 1, 'invalid', 'carrier', '', NULL, 1, '2', 1764300034, 1764300034.25, 'INVALID');
INSERT INTO public.push VALUES ('00220022002200220022002200220022', 'gh_abcdefg', 'oABCD', 1533042590, 'xyz', 'ORDER34', 'SF0034', 'wxABCD', 'done', 1764300034, 1, 'already_cancelled', 'carrier', 'so they say', 'already_cancelled', 1, '2', 1764300035, 1764300035.25, 'ALREADY_CANCELLED');
INSERT INTO public.push VALUES ('00230023002300230023002300230023', 'gh_abcdefg', 'oABCD', 1533042591, 'xyz', 'ORDER35', 'SF0035', 'wxABCD', 'done', 1764300035, 1, 'already_cancelled', 'carrier', '', NULL, 1, '2', 1764300036, 1764300036.25, 'ALREADY_CANCELLED');
INSERT INTO public.push VALUES ('00240024002400240024002400240024', 'gh_abcdefg', 'oABCD', 1533042592, 'xyz', 'ORDER36', 'SF0036', 'wxABCD', 'done', 1764300036, 1, 'unsupported', 'carrier', 'so they say', 'unsupported', 1, '2', 1764300037, 1764300037.25, 'UNSUPPORTED');
INSERT INTO public.push VALUES ('00250025002500250025002500250025', 'gh_abcdefg', 'oABCD', 1533042593, 'xyz', 'ORDER37', 'SF0037', 'wxABCD', 'done', 1764300037, 1, 'unsupported', 'carrier', '', NULL, 1, '2', 1764300038, 1764300038.25, 'UNSUPPORTED');
INSERT INTO public.push VALUES ('00260026002600260026002600260026', 'gh_abcdefg', 'oABCD', 1533042594, 'xyz', 'ORDER38', 'SF0038', 'wxABCD', 'done', 1764300038, 1, 'failed', 'carrier', 'so they say', 'failed', 1, '2', 1764300039, 1764300039.25, 'FAILED');
INSERT INTO public.push VALUES ('002c002c002c002c002c002c002c002c', 'gh_abcdefg', 'oABCD', 1533042600, 'xyz', 'ORDER44', 'SF0044', 'wxABCD', 'done', 1764300044, 1, 'cancelled', 'carrier', '', 'cancelled', 1, '2', 1764300045, 1764300045.25, 'paused');
INSERT INTO public.push VALUES ('002d002d002d002d002d002d002d002d', 'gh_abcdefg', 'oABCD', 1533042601, 'xyz', 'ORDER45', 'SF0045', 'wxABCD', 'done', 1764300045, 1, 'cancelled', 'carrier', '', 'cancelled', 1, '2', 1764300046, 1764300046.25, 'operator');
INSERT INTO public.push VALUES ('002e002e002e002e002e002e002e002e', 'gh_abcdefg', 'oABCD', 1533042602, 'xyz', 'ORDER46', 'SF0046', 'wxABCD', 'done', 1764300046, 2, 'cancelled', 'carrier', '', 'in_doubt', 2, '2', 1764300048, 1764300048.25, 'CANCELLED');
INSERT INTO public.push VALUES ('002f002f002f002f002f002f002f002f', 'gh_abcdefg', 'oABCD', 1533042603, 'xyz', 'ORDER47', 'SF0047', 'wxABCD', 'done', 1764300047, 2, 'cancelled', 'inferred', '', 'cancelled', 2, '2', 1764300049, 1764300049.25, 'ALREADY');
INSERT INTO public.push VALUES ('00300030003000300030003000300030', 'gh_abcdefg', 'oABCD', 1533042604, 'xyz', 'ORDER48', 'SF0048', 'wxABCD', 'done', 1764300048, 2, 'cancelled', 'inferred', '', 'cancelled', 2, '2', 1764300050, 1764300050.25, 'lookup_ok');
INSERT INTO public.push VALUES ('00310031003100310031003100310031', 'gh_abcdefg', 'oABCD', 1533042605, 'xyz', 'ORDER49', 'SF0049', 'wxABCD', 'done', 1764300049, 1, 'cancelled', 'inferred', '', 'in_doubt', 1, '2', 1764300050, 1764300050.25, 'lookup: cancelled');
INSERT INTO public.push VALUES ('00320032003200320032003200320032', 'gh_abcdefg', 'oABCD', 1533042606, 'xyz', 'ORDER50', 'SF0050', 'wxABCD', 'done', 1764300050, 0, 'already_cancelled', 'inferred', '', 'already_cancelled', 1, '', 0, 1764300050.25, 'lookup: cancelled');
INSERT INTO public.push VALUES ('00330033003300330033003300330033', 'gh_abcdefg', 'oABCD', 1533042607, 'xyz', 'ORDER51', 'SF0051', 'wxABCD', 'done', 1764300051, 1, 'picked_up', 'inferred', '', 'in_doubt', 1, '2', 1764300052, 1764300052.25, 'lookup: picked_up');
INSERT INTO public.push VALUES ('00340034003400340034003400340034', 'gh_abcdefg', 'oABCD', 1533042608, 'xyz', 'ORDER52', 'SF0052', 'wxABCD', 'done', 1764300052, 0, 'picked_up', 'inferred', '', 'picked_up', 1, '', 0, 1764300052.25, 'lookup: picked_up');
INSERT INTO public.push VALUES ('00350035003500350035003500350035', 'gh_abcdefg', 'oABCD', 1533042609, 'xyz', 'ORDER53', 'SF0053', 'wxABCD', 'done', 1764300053, 1, 'invalid', 'inferred', '', 'in_doubt', 1, '2', 1764300054, 1764300054.25, 'lookup: invalid');
INSERT INTO public.push VALUES ('00360036003600360036003600360036', 'gh_abcdefg', 'oABCD', 1533042610, 'xyz', 'ORDER54', 'SF0054', 'wxABCD', 'done', 1764300054, 0, 'invalid', 'inferred', '', 'invalid', 1, '', 0, 1764300054.25, 'lookup: invalid');
INSERT INTO public.push VALUES ('00370037003700370037003700370037', 'gh_abcdefg', 'oABCD', 1533042611, 'xyz', 'ORDER55', 'SF-TWICE', 'wxABCD', 'done', 1764300055, 1, 'cancelled', 'inferred', '', 'in_doubt', 1, '2', 1764300056, 1764300056.25, 'inferred from a later push');
INSERT INTO public.push VALUES ('00380038003800380038003800380038', 'gh_abcdefg', 'oABCD', 1533042612, 'xyz', 'ORDER56', 'SF-TWICE', 'wxABCD', 'done', 1764300056, 1, 'cancelled', 'inferred', '', 'cancelled', 1, '2', 1764300057, 1764300057.25, 'ALREADY');
INSERT INTO public.push VALUES ('00390039003900390039003900390039', 'gh_abcdefg', 'oABCD', 1533042613, 'xyz', 'ORDER57', 'SF-THRICE', 'wxABCD', 'done', 1764300057, 1, 'cancelled', 'inferred', '', NULL, 1, '2', 1764300058, 1764300058.25, 'inferred from a later push');
INSERT INTO public.push VALUES ('003a003a003a003a003a003a003a003a', 'gh_abcdefg', 'oABCD', 1533042614, 'xyz', 'ORDER58', 'SF-THRICE', 'wxABCD', 'done', 1764300058, 1, 'cancelled', 'inferred', '', 'cancelled', 1, '2', 1764300059, 1764300059.25, 'lookup_ok');
INSERT INTO public.push VALUES ('003b003b003b003b003b003b003b003b', 'gh_abcdefg', 'oABCD', 1533042615, 'xyz', 'ORDER59', 'SF0059', 'wxABCD', 'done', 1764300059, 1, 'cancelled', 'operator', '', 'in_doubt', 1, '2', 1764300060, 1764300060.25, 'rang the depot');
INSERT INTO public.push VALUES ('003c003c003c003c003c003c003c003c', 'gh_abcdefg', 'oABCD', 1533042616, 'xyz', 'ORDER60', 'SF0060', 'wxABCD', 'done', 1764300060, 1, 'invalid', 'operator', '', 'in_doubt', 1, '2', 1764300061, 1764300061.25, 'lookup: cancelled');
INSERT INTO public.push VALUES ('003d003d003d003d003d003d003d003d', 'gh_abcdefg', 'oABCD', 1533042617, 'xyz', 'ORDER61', 'SF0061', 'wxABCD', 'done', 1764300061, 1, 'failed', 'operator', '', 'in_doubt', 1, '2', 1764300062, 1764300062.25, 'owner died');
INSERT INTO public.push VALUES ('003e003e003e003e003e003e003e003e', 'gh_abcdefg', 'oABCD', 1533042618, 'xyz', 'ORDER62', 'SF0062', 'wxABCD', 'done', 1764300062, 1, 'picked_up', 'operator', '', 'in_doubt', 1, '2', 1764300063, 1764300063.25, 'inferred from a later push');
INSERT INTO public.resolution VALUES (1, '003b003b003b003b003b003b003b003b', 'li', 'rang the depot', 'cancelled', 1);
INSERT INTO public.resolution VALUES (2, '003c003c003c003c003c003c003c003c', 'li', 'lookup: cancelled', 'invalid', 1);
INSERT INTO public.resolution VALUES (3, '003d003d003d003d003d003d003d003d', 'li', 'owner died', 'failed', 1);
INSERT INTO public.resolution VALUES (4, '003e003e003e003e003e003e003e003e', 'li', 'inferred from a later push', 'picked_up', 1);
SELECT pg_catalog.setval('public.resolution_id_seq', 4, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.call
    ADD CONSTRAINT call_pkey PRIMARY KEY (key, epoch);
ALTER TABLE ONLY public.meta
    ADD CONSTRAINT meta_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.push
    ADD CONSTRAINT push_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.resolution
    ADD CONSTRAINT resolution_pkey PRIMARY KEY (id);
CREATE INDEX ix_resolution_key ON public.resolution USING btree (key);
CREATE INDEX push_open ON public.push USING btree (received_at) WHERE (state = ANY (ARRAY['calling'::text, 'in_doubt'::text]));
CREATE INDEX push_order ON public.push USING btree (order_id);
CREATE INDEX push_received ON public.push USING btree (received_at);
CREATE INDEX push_waybill ON public.push USING btree (waybill_id);
