"""Registries of any size, made from the sample by seeded variation: the same kinds of names, more of them."""

from __future__ import annotations

import csv
import random
import shutil
from pathlib import Path

from handlers.services.text import fold

SAMPLE = Path(__file__).parent.parent / "data" / "lang-son"
_OWNERS = """\
Minh Tâm,Hồng Phong,Bản Lùng,Thiên Phú,An Khang,Hợp Thịnh,Bình Minh,Tân Tiến,Hoa Hồi,Đồng Xanh,Mai Sao
Thanh Bình,Vĩnh Lộc,Kim Ngân,Phúc Lâm,Hải Đăng,Gia Bảo,Quang Vinh,Ngọc Lan,Trường Sơn,Đại Phát,Xuân Mai
Việt Tú,Hà Giang,Nà Lả,Pò Háng,Khuổi Sao,Nậm Lừ,Đức Thắng,Cao Sơn,Suối Mơ,Ba Sao,Tràng An,Yên Thế""".replace(
    ",", "\n"
).splitlines()


def make(folder: Path, products: int, seed: int = 20_251_225) -> list[str]:
    """Write a registry folder with ``products`` products; give back texts people would type to find them.

    Three of five are whole names without diacritics, one a whole name as written, one a part of a name.
    """
    chance = random.Random(seed)
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("compiled", "stock.csv", "*.md"))
    with (SAMPLE / "products.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with (SAMPLE / "communes.csv").open(encoding="utf-8-sig", newline="") as stream:
        communes = [(row["code"], row["short_name_vi"] or row["name_vi"]) for row in csv.DictReader(stream)]
    made = rows[:products]
    taken = {row["name_vi"] for row in made}
    while len(made) < products:
        row = _variation(chance.choice(rows), len(made), communes, chance)
        if row["name_vi"] not in taken:
            taken.add(row["name_vi"])
            made.append(row)
    with (folder / "products.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(made)
    return [
        _typed(row["name_vi"], number, chance) for number, row in enumerate(chance.choices(made, k=2_000))
    ]


def _variation(
    base: dict[str, str], number: int, communes: list[tuple[str, str]], chance: random.Random
) -> dict[str, str]:
    code, place = chance.choice(communes)
    name = f"{' '.join(base['name_vi'].split()[: chance.choice((2, 3, 4))])} {chance.choice(_OWNERS)}"
    if chance.random() < 0.6:
        name = f"{name} {place}"
    changed = {
        "code": f"bench-{number:05d}",
        "name_vi": name,
        "name_en": "",
        "aliases": "",
        "commune_code": code,
    }
    dates = {
        "issued_on": f"{chance.choice((2022, 2023, 2024, 2025))}-{chance.randint(1, 12):02d}-15",
        "valid_until": "",
    }
    legal = {
        "issued_on_basis": "decision",
        "status": "",
        "status_on": "",
        "status_note": "",
        "stars": chance.choice("334"),
    }
    return {**base, **changed, **dates, **legal}


def _typed(name: str, number: int, chance: random.Random) -> str:
    match number % 5:
        case 0:
            return name
        case 1:
            return " ".join(name.split()[: chance.choice((2, 3))])
        case _:
            return fold(name)
