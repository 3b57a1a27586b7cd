"""Series: benchmark sets and tables of users, their grid of time, their splits and windows."""
