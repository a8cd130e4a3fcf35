"""Age of a child from one frontal chest radiograph: ResNet with Coordinate Attention (design after the paper)."""
