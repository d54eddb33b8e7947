"""In: a change, the store's policy, its channels' rules; out: the effects to send. Pure."""
