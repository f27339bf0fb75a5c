"""Names of people, places and organisations: the embedded model and what may replace it.

``names.py`` says what a name finder is, ``embedded.py`` runs the shipped models, ``others.py``
adapts spaCy pipelines and Presidio recognizers. ``training`` is not imported at run time.
"""
