"""Risk of death within 1 to 5 years in interstitial lung disease of systemic sclerosis, from one chest CT."""
