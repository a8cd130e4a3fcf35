"""Digital phantoms: patients that never were, imaged by arithmetic, with everything about them known.

What they buy is exact labels and a known oracle; what they never buy is clinical validity. Every constant cites its
source or is marked "assumption".
"""
