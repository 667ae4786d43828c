"""The rules of cases. Pure: no framework, no clock, no store; values and `now` go in, new state and facts come out."""
