"""What becomes of studies with a defect: each made from one simulated study, screened as `opportune screen` does it."""
