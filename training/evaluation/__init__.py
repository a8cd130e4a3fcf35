"""What `opportune evaluate` prints: statistics of predictions on a cohort, in numpy and scipy, float64.

One module per family. The numbers are held to scikit-survival, lifelines, scikit-learn and statsmodels on those
packages' own data in tests/reference. Arrays of one cohort are in row order and of equal length N.
"""
