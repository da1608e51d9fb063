// A carrier as a Node team writes one: grpc-js, proto-loader, the official reflection, no health
// service, and an interceptor that wants a bearer token where TOKEN is set.
"use strict";
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");
const { ReflectionService } = require("@grpc/reflection");

const definition = loader.loadSync(process.env.PROTO, { keepCase: true, enums: String });
const { carrier } = grpc.loadPackageDefinition(definition);
const wanted = process.env.TOKEN ? `Bearer ${process.env.TOKEN}` : "";

function guard(_method, call) {
  const listener = new grpc.ServerListenerBuilder()
    .withOnReceiveMetadata((metadata, next) => {
      const sent = metadata.get("authorization");
      if (wanted && (sent.length !== 1 || sent[0] !== wanted)) {
        call.sendStatus({ code: grpc.status.UNAUTHENTICATED, details: "who are you?" });
      } else {
        next(metadata);
      }
    })
    .build();
  const responder = new grpc.ResponderBuilder().withStart((next) => next(listener)).build();
  return new grpc.ServerInterceptingCall(call, responder);
}

const server = new grpc.Server({ interceptors: [guard] });
server.addService(carrier.v1.WaybillService.service, {
  CancelWaybill(call, reply) {
    const known = call.request.waybill_id.startsWith("STUB-OK-");
    reply(null, { status: known ? "CANCEL_STATUS_CANCELLED" : "CANCEL_STATUS_NOT_FOUND" });
  },
  GetWaybill(_call, reply) {
    reply({ code: grpc.status.UNIMPLEMENTED });
  },
});
new ReflectionService(definition).addToServer(server);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) {
    throw error;
  }
  console.log(`listening on 127.0.0.1:${port}`);
});
