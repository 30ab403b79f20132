"""Safeguards at work in a trial: monitors that look, a protocol that decides, stops that are made.

A monitor only scores a step and never acts; a protocol only decides; `Guard` carries out what it
decided and records both in the journal. A monitor that abstains has said nothing, never "safe".
"""

from offswitch.trial.safeguards.guard import Guard

__all__ = ["Guard"]
