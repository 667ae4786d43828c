"""The rules of dispatch: values and times go in, new states and facts come out. No framework, no clock, no I/O."""
