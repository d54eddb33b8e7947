"""In: answers and pushes of carriers; out: parsed events, recorded timelines, watches on contracts and silence."""
