"""Reminders of certificates that end: the schedule, who is due, by which road, what is written down, who is told next.

``plan`` reads, ``write`` and ``reroute`` write and may run twice; ``raise_silent`` hands over what nobody answered.
"""
