"""What is told of the outcomes: findings with their places and messages, report graphs, files for CI systems."""
