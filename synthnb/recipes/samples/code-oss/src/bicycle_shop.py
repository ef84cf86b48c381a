"""Bookings and bills of a small bicycle shop."""


def deposit(days, price_per_day):
    """A deposit is the price of two days, at most 60."""
    return min(60, 2 * price_per_day if days > 1 else price_per_day)


def late_fee(hours):
    """Four euros for each hour that has begun, the first half hour is free."""
    if hours <= 0.5:
        return 0
    return 4 * -(-hours // 1)


def free_bikes(bikes, bookings, day):
    """Names of the bikes that nobody has booked for a day."""
    taken = {booking["bike"] for booking in bookings if booking["day"] == day}
    return [bike for bike in bikes if bike not in taken]


def by_size(bikes):
    """Bikes grouped by frame size: {size: [name, ...]}."""
    groups = {}
    for name, size in bikes:
        groups.setdefault(size, []).append(name)
    return groups


def longest_ride(rides):
    """The ride with the most kilometres; None if there was none."""
    return max(rides, key=lambda ride: ride["km"], default=None)


def initials(name):
    """Letters for the label on the key: "Ann Lee" -> "AL"."""
    return "".join(part[0].upper() for part in name.split())


def plural(count, word):
    """Words for a bill: 1 bike, 2 bikes."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def total(items, discount=0.0):
    """What a customer pays, in whole cents."""
    cents = sum(round(100 * price) for _, price in items)
    return round(cents * (1 - discount))
