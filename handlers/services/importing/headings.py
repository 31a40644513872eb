"""The headings officials write above their own lists, and how a heading becomes a column.

Fields that begin with an underscore are no column of the exchange format: :mod:`official` makes columns
of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from handlers.services.text import fold

IGNORED = "_number"
"""The running number of a list (STT)."""

HEADINGS: Mapping[str, tuple[str, ...]] = {
    IGNORED: ("stt", "tt", "so tt", "so thu tu"),
    "code": ("ma", "ma san pham", "ma sp", "ma so", "ma so san pham", "ma ocop", "so hieu san pham"),
    "name_vi": ("ten san pham", "san pham", "ten sp", "ten san pham ocop", "san pham ocop", "ten hang hoa"),
    "name_en": ("ten tieng anh", "ten san pham tieng anh"),
    "aliases": ("ten khac", "ten goi khac"),
    "group": (
        "nhom",
        "nhom san pham",
        "nhom sp",
        "phan nhom",
        "nganh hang",
        "nganh",
        "loai san pham",
        "nhom nganh",
        "nhom nganh hang",
    ),
    "stars": (
        "hang sao",
        "so sao",
        "sao",
        "hang",
        "xep hang",
        "phan hang",
        "hang san pham",
        "ket qua phan hang",
        "ket qua",
        "hang sao dat duoc",
        "sao ocop",
        "hang ocop",
    ),
    "decision": (
        "so quyet dinh",
        "quyet dinh",
        "so qd",
        "quyet dinh so",
        "quyet dinh cong nhan",
        "so quyet dinh cong nhan",
        "so, ngay quyet dinh",
        "qd cong nhan",
        "so giay chung nhan",
        "so, ngay thang quyet dinh",
    ),
    "issued_on": (
        "ngay cong nhan",
        "ngay cap",
        "ngay quyet dinh",
        "ngay qd",
        "ngay ban hanh",
        "ngay cap giay chung nhan",
        "thoi gian cong nhan",
        "nam cong nhan",
        "ngay ky",
        "thoi diem cong nhan",
        "ngay, thang, nam cong nhan",
    ),
    "valid_until": (
        "ngay het han",
        "het han",
        "han",
        "thoi han",
        "hieu luc den",
        "co hieu luc den",
        "ngay het hieu luc",
        "gia tri den",
        "co gia tri den",
        "thoi han den",
        "ngay het han giay chung nhan",
    ),
    "standards": ("tieu chuan", "chung nhan khac", "tieu chuan ap dung", "tieu chuan chat luong"),
    "awards": ("giai thuong",),
    "price_unit": ("don vi tinh", "dvt", "quy cach"),
    "online_url": ("website ban hang", "gian hang", "link ban hang", "san thuong mai dien tu"),
    "description_vi": ("mo ta", "gioi thieu", "mo ta san pham"),
    "note": ("ghi chu",),
    "_price": (
        "gia ban",
        "gia",
        "don gia",
        "gia ban le",
        "gia ban san pham",
        "gia san pham",
        "gia tham khao",
        "gia ban tham khao",
    ),
    "_producer": (
        "chu the",
        "ten chu the",
        "chu the san xuat",
        "chu the ocop",
        "don vi san xuat",
        "co so san xuat",
        "ten co so",
        "nha san xuat",
        "chu the san pham",
        "ten chu the san xuat",
        "to chuc, ca nhan",
    ),
    "_producer_kind": ("loai hinh", "loai hinh chu the", "loai chu the", "loai hinh to chuc"),
    "_phone": ("dien thoai", "so dien thoai", "sdt", "dt", "so dt", "dien thoai lien he", "hotline"),
    "_contact": (
        "nguoi dai dien",
        "dai dien",
        "nguoi lien he",
        "ho va ten",
        "chu co so",
        "dai dien phap luat",
    ),
    "_email": ("email", "thu dien tu", "e-mail"),
    "_website": ("website", "trang web"),
    "_address": (
        "dia chi",
        "noi san xuat",
        "dia chi san xuat",
        "dia diem",
        "dia chi chu the",
        "thon",
        "thon, ban",
    ),
    "_commune": (
        "xa",
        "xa, phuong",
        "xa/phuong",
        "phuong, xa",
        "phuong/xa",
        "xa, thi tran",
        "ten xa",
        "cap xa",
    ),
    "_district": (
        "huyen",
        "huyen, thanh pho",
        "huyen/thanh pho",
        "huyen, tp",
        "ten huyen",
        "huyen/tp",
        "quan/huyen",
    ),
}
"""Fields with their folded headings, as they stand in the lists of Vietnamese offices."""

_BY_HEADING = {heading: name for name, known in HEADINGS.items() for heading in known}
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]|[:*]")
CLOSE_ENOUGH = 90
"""Per cent of likeness at which a heading counts as a misspelling of a known one (5 letters at least)."""


@lru_cache(maxsize=4096)
def field_of(heading: str) -> str | None:
    """The field a Vietnamese heading stands for; remarks in brackets are left aside, small slips forgiven."""
    bare = " ".join(_ASIDE.sub(" ", fold(heading)).split()).strip(" .,-")
    found = _BY_HEADING.get(bare) or _BY_HEADING.get(re.sub(r"\s*[/,]\s*", ", ", bare))
    if found or len(bare) < 5:
        return found
    from rapidfuzz import fuzz, process

    close = process.extractOne(
        bare,
        [known for known in _BY_HEADING if len(known) >= 5],
        scorer=fuzz.ratio,
        score_cutoff=CLOSE_ENOUGH,
    )
    return _BY_HEADING[close[0]] if close else None
