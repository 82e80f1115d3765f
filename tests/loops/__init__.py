"""Programs that answer mail, against a whole site on virtual time: nobody may keep writing to nobody.

`python -m tests.loops` prints what each of them got.
"""
