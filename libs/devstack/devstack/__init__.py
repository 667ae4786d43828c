"""Local servers, the supervisor and the verbs of `./dev`. Never shipped: the mongod it uses is SSPL. Not here: anything a service imports."""
