"""Money of repairs: what an owner pays, what the company approves, how work is settled, and the books behind it all. Pure."""
