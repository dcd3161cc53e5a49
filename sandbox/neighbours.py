"""More people of the pretend world, for volume: a street of companies and who works there. Data, nothing else.

They are not part of the cast's story (``cast.py``), and stand on none of its lists; whoever signs up from one of these
domains is treated like anybody else.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Firm:
    """A company. ``place`` is the name of one of the cast's places; ``raised`` is in whole US dollars."""

    domain: str
    name: str
    description: str
    industry: str
    place: str
    founded: int
    employees: int
    raised: int | None = None


FIRMS = (
    Firm("tidepool.test", "Tidepool", "Tide tables for harbours and surfers.",
         "Internet Software & Services", "LISBON", 2017, 22),
    Firm("northlight.test", "Northlight", "Software for planning shop windows.",
         "Internet Software & Services", "LEEDS", 2016, 35, 3_200_000),
    Firm("granary.test", "Granary", "Trades grain by the lorry load.", "Food Distributors", "CHICAGO", 2012, 180),
    Firm("lantern.test", "Lantern Health", "Appointments for country doctors.",
         "Health Care Technology", "LAGOS", 2019, 64, 7_500_000),
    Firm("foxglove.test", "Foxglove", "Plants by post, with instructions.", "Internet Retail", "LEEDS", 2015, 48),
    Firm("parcelbee.test", "Parcelbee", "Lockers for parcels in every lobby.",
         "Air Freight & Logistics", "OAKLAND", 2018, 140, 18_000_000),
    Firm("clockwork.test", "Clockwork", "Shift planning for hospitals.",
         "Internet Software & Services", "ZURICH", 2014, 90, 5_000_000),
    Firm("kite.test", "Kite & Co", "Aerial photographs of roofs.", "Professional Services", "KYOTO", 2020, 16),
    Firm("harbourline.test", "Harbourline", "Ferry tickets for three coasts.", "Marine", "LISBON", 2009, 230),
    Firm("saltmarsh.test", "Saltmarsh Labs", "Sensors for wet places.",
         "Electronic Equipment & Instruments", "OAKLAND", 2021, 12, 1_100_000),
    Firm("bluebird.test", "Bluebird Schools", "Timetables and letters home.",
         "Education Services", "CHICAGO", 2013, 75),
    Firm("quarry.test", "Quarry", "Search for building materials.",
         "Internet Software & Services", "ZURICH", 2016, 41, 2_400_000),
)  # fmt: skip


@dataclass(frozen=True)
class Resident:
    """Somebody at a firm. Nobody knows who has no ``title``: they get a mail with a link."""

    email: str
    name: str
    title: str = ""
    role: str | None = None
    github: str | None = None


RESIDENTS = (
    Resident("ines@tidepool.test", "Inês Moreira", "Lead Developer", "engineering", "inesmoreira"),
    Resident("paulo@tidepool.test", "Paulo Reis", "Founder", "founder"),
    Resident("marta@tidepool.test", "Marta Sousa"),
    Resident("jack@northlight.test", "Jack Hollis", "Backend Engineer", "engineering", "jackhollis"),
    Resident("priya@northlight.test", "Priya Nair", "Head of Marketing", "marketing"),
    Resident("owen@northlight.test", "Owen Marsh", "CTO", "engineering", "owenmarsh"),
    Resident("dale@granary.test", "Dale Whitcomb", "Operations Manager", "operations"),
    Resident("rosa@granary.test", "Rosa Delgado", "Data Engineer", "engineering", "rosadelgado"),
    Resident("hank@granary.test", "Hank Oster"),
    Resident("amina@lantern.test", "Amina Bello", "VP Engineering", "engineering", "aminabello"),
    Resident("tunde@lantern.test", "Tunde Alabi", "Product Manager", "product"),
    Resident("ngozi@lantern.test", "Ngozi Eze", "Software Engineer", "engineering", "ngozieze"),
    Resident("kemi@lantern.test", "Kemi Ojo", "Sales Director", "sales"),
    Resident("fern@foxglove.test", "Fern Whitaker", "Head of E-commerce", "marketing"),
    Resident("lewis@foxglove.test", "Lewis Grant", "Web Developer", "engineering", "lewisgrant"),
    Resident("beth@foxglove.test", "Beth Crowe"),
    Resident("diego@parcelbee.test", "Diego Santana", "Staff Engineer", "engineering", "diegosantana"),
    Resident("mei@parcelbee.test", "Mei Tanaka", "Growth Lead", "marketing"),
    Resident("colin@parcelbee.test", "Colin Brandt", "Founder & CEO", "ceo"),
    Resident("ruth@parcelbee.test", "Ruth Adler", "Data Scientist", "engineering", "ruthadler"),
    Resident("lukas@clockwork.test", "Lukas Frei", "Engineering Manager", "engineering", "lukasfrei"),
    Resident("nina@clockwork.test", "Nina Baumann", "Customer Success", "customer_service"),
    Resident("jonas@clockwork.test", "Jonas Vogt"),
    Resident("hiro@kite.test", "Hiro Kanda", "Founder", "founder"),
    Resident("emi@kite.test", "Emi Sato", "Developer", "engineering", "emisato"),
    Resident("ana@harbourline.test", "Ana Falcão", "Head of Digital", "information_technology"),
    Resident("rui@harbourline.test", "Rui Tavares", "Integration Engineer", "engineering", "ruitavares"),
    Resident("clara@harbourline.test", "Clara Nunes"),
    Resident("wade@saltmarsh.test", "Wade Porter", "Firmware Engineer", "engineering", "wadeporter"),
    Resident("joy@saltmarsh.test", "Joy Ellison", "Co-founder", "founder"),
    Resident("greta@bluebird.test", "Greta Olsen", "School Liaison", "operations"),
    Resident("pete@bluebird.test", "Pete Lowry", "IT Administrator", "information_technology"),
    Resident("mona@bluebird.test", "Mona Field"),
    Resident("simon@quarry.test", "Simon Keller", "Search Engineer", "engineering", "simonkeller"),
    Resident("lea@quarry.test", "Lea Hofer", "Recruiter", "human_resources"),
    Resident("timo@quarry.test", "Timo Graf", "Founder", "founder"),
)
