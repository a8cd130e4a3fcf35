"""Risk of a vertebral fracture from a lateral lumbar radiograph (system S3)."""
