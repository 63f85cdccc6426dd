"""Harm: makes the fault that an injection names, one file per place where harm enters.

Each function is ``(rooms, injection, params, took_effect) -> Fault``: ``rooms`` is the laboratory, ``params`` what the
fault declares, complete. It raises ValueError if what the injection names is not there.
"""
