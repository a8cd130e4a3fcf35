"""How many workers a department, a network of hospitals or a national service needs: a year of traffic, simulated."""
