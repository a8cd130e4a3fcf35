"""30-day mortality in community-acquired pneumonia from a frontal chest radiograph."""
