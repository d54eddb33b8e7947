"""In: the outside's answers and people's statements; out: facts kept and effects told. Read these files for the house.

collect asks carriers · intake reads orders · record turns replies into facts and effects, in one transaction ·
relay carries effects out · replay records stored replies again.
"""
