"""In: persons who use the screens; out: who may sign in, and what each may do in which store."""
