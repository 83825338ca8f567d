"""What a cluster gives and costs: trainings on 1, 2 and 4 workers, and `predict`."""
