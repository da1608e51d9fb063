"""One way to say what is wrong with a file, a variable or a target, for every part of us."""
