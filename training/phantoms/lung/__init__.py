"""The chest CT of a patient with systemic sclerosis and interstitial lung disease."""
