"""From desired and observed to ordered steps with their hazards. Pure: no clock, no ids of its own, no I/O."""
