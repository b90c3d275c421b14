"""Amounts: people write 125.00, Stripe counts the smallest unit. https://docs.stripe.com/currencies#minor-units"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from connectors.contract import JSON, Refused

# Iceland's krona and Uganda's shilling have no smaller unit either, but Stripe counts them as if they had two places.
_NONE = ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf")
_THREE = ("bhd", "jod", "kwd", "omr", "tnd")


def places(currency: str) -> int:
    """Digits behind the point in this currency (ISO code, any case)."""
    code = currency.lower()
    return 0 if code in _NONE else 3 if code in _THREE else 2


def shown(amount: JSON, currency: JSON) -> str:
    """12500 and "usd" → "125.00"; "" where there is no amount."""
    if isinstance(amount, bool) or not isinstance(amount, int):
        return ""
    digits = places(str(currency or ""))
    return f"{Decimal(amount).scaleb(-digits):.{digits}f}"


def counted(amount: JSON, currency: str) -> int:
    """ "125.00" and "usd" → 12500. Raises `Refused` for what is no amount in this currency; nothing is rounded."""
    try:
        value = Decimal("x" if isinstance(amount, bool) else str(amount).strip())
        units = value.scaleb(places(currency))
        if not (value.is_finite() and units == units.to_integral_value() and abs(units) < 10**12):
            raise InvalidOperation
    except InvalidOperation:
        raise Refused(
            f"“{str(amount)[:40]}” is not an amount in {currency.upper()}. Write it like "
            f"{'1250' if places(currency) == 0 else '1250.' + '0' * places(currency)}, without the currency."
        ) from None
    return int(units)


def code(currency: JSON) -> str:
    """The currency as Stripe wants it. Raises `Refused` for anything but three letters."""
    text = str(currency or "").strip().lower()
    if not (len(text) == 3 and text.isascii() and text.isalpha()):
        raise Refused(f"“{str(currency)[:40]}” is not a currency. Write its three letters, for example usd or eur.")
    return text
