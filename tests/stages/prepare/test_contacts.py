"""What is said of contacts: every finding provoked, limits just inside and just outside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.force_plates.forces import Plates, PlateWrench
from aqbio.recordings.contact_findings import note_contacts, share_without_foot
from aqbio.recordings.contacts import CLEAR_MARGIN, NO_FOOT, FeetLoads, FootContact, PlateContact
from aqbio.recordings.notes import Notes

END, EDGE = 1.0, 0.03
RIGHT = 1


def _said(of_plate=None, of_foot=None, *, named=-1):
    """Findings by rule of one contact of the right foot on plate 3, 0.2 to 0.4 s."""
    on_plate = PlateContact(
        plate=0, start=200, stop=400, foot=RIGHT, shared=False, peak=1500.0, distance=0.02,
        margin=0.3,
    )  # fmt: skip
    contact = FootContact(
        foot=RIGHT, touchdown=0.2, toe_off=0.4, plates=(0,), complete=True, edge_distance=0.1,
        peak=1500.0,
    )  # fmt: skip
    empty = np.zeros((1, 2, 3))
    loads = FeetLoads(
        contacts=() if of_foot == "none" else (replace(contact, **(of_foot or {})),),
        on_plates=(replace(on_plate, **(of_plate or {})),),
        force=empty, moment=empty, event_force=empty[..., 0], cop=empty, free_moment=empty[..., 0],
    )  # fmt: skip
    zeros = np.zeros((1, 1, 3))
    plates = Plates(
        wrench=PlateWrench(force=zeros, moment=zeros, point=zeros[0]),
        corners=np.zeros((1, 4, 3)), rate=1000.0, start=0.0, numbers=(3,), feet=(named,),
    )  # fmt: skip
    notes = Notes("fast", "P1", "fast.trc", "fast.mot")
    note_contacts(loads, plates, END, EDGE, notes)
    assert all(one.file == "fast.mot" for one in notes.findings)
    return {one.rule: one for one in notes.findings}


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (0.0301, None),
        (0.0299, "comes within 30 mm of the edge of its plate(s), nearer than 30 mm"),
        (0.012, "comes within 12 mm of the edge of its plate(s), nearer than 30 mm"),
        (-0.012, "leaves its plate(s) by 12 mm: part of its force is lost"),
    ],
)
def test_near_the_edge(distance, words):
    said = _said(of_foot={"edge_distance": distance})
    assert set(said) == ({"contact-near-edge"} if words else set())
    if words:
        found = said["contact-near-edge"]
        assert found.what.startswith(f"the right contact at 0.200 s {words}")
        assert (found.number, found.limit, found.where) == (distance, EDGE, "plate 3")


def test_cut_by_an_end_of_the_recording():
    assert set(_said(of_foot={"complete": False})) == {"contact-cut"}
    assert _said(of_foot={"complete": False, "shared": True}) == {}, "why is said of the plate"


@pytest.mark.parametrize(
    ("distance", "words"),
    [(0.42, "the next foot is 0.42 m away"), (np.nan, "no foot marker is seen then")],
)
def test_of_nobody(distance, words):
    said = _said({"foot": NO_FOOT, "distance": distance})
    assert set(said) == {"contact-nobody"}
    assert "on plate 3 at 0.200 s (1500 N) belongs to no foot" in said["contact-nobody"].what
    assert words in said["contact-nobody"].what


def test_of_both_feet():
    assert set(_said({"shared": True})) == {"contact-shared"}


@pytest.mark.parametrize(("more", "rules"), [(-0.001, {"foot-ambiguous"}), (0.001, set())])
def test_of_a_foot_that_is_hardly_nearer(more, rules):
    said = _said({"margin": CLEAR_MARGIN + more})
    assert set(said) == rules
    if rules:
        found = said["foot-ambiguous"]
        assert f"only {1e3 * (CLEAR_MARGIN + more):.0f} mm farther away" in found.what
        assert found.limit == CLEAR_MARGIN


@pytest.mark.parametrize(("named", "rules"), [(0, {"foot-columns"}), (1, set()), (-1, set())])
def test_of_the_other_foots_columns(named, rules):
    said = _said(named=named)
    assert set(said) == rules
    if rules:
        assert "columns of the left foot, but the right foot is on it" in said["foot-columns"].what


@pytest.mark.parametrize(
    ("start", "stop", "rules"), [(899, 1103, {"contact-outside"}), (899, 1099, {"contact-nobody"})]
)
def test_outside_the_recorded_motion(start, stop, rules):
    """By half at least: of what is seen to a larger part, a foot was missing."""
    said = _said({"foot": NO_FOOT, "distance": np.nan, "start": start, "stop": stop})
    assert set(said) == rules


def test_no_contact_at_all():
    assert set(_said(of_foot="none")) == {"contacts-none"}


def test_the_share_of_nobody_is_that_of_the_force():
    """Peak times duration: 1500 N for 200 samples of a foot, 500 N for 100 of nobody."""
    foot = PlateContact(
        plate=0, start=200, stop=400, foot=RIGHT, shared=False, peak=1500.0, distance=0.02,
        margin=0.3,
    )  # fmt: skip
    nobody = replace(foot, foot=NO_FOOT, start=500, stop=600, peak=500.0)
    empty = np.zeros((1, 2, 3))

    def share(*on_plates):
        return share_without_foot(
            FeetLoads((), on_plates, empty, empty, empty[..., 0], empty, empty[..., 0])
        )

    assert share(foot) == 0.0
    assert share(nobody) == 1.0
    assert share(foot, nobody) == 50.0 / 350.0
    assert share() == 0.0
