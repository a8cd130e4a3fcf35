"""What comes of simulated patients: typed-in hazards, times drawn from them, and what must not give them away."""
