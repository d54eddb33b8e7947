"""In: answers of other systems, statements of people; out: stored facts, messages to sinks. Start reading here.

collect: ask carriers · orders/intake: take orders · record: turn replies into events and effects, in one transaction ·
relay: send effects · replay: record stored replies again.
"""
