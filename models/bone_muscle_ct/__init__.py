"""Abdominal CT -> vertebral fractures now and later, with the measurements of bone and muscle behind them."""
