"""In: jobs on the queue and the clock; out: flows run. Any number of workers may run beside each other."""
