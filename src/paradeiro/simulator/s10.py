"""In: letters and a number; out: a postal code with its check digit (UPU S10), computed independently of the
product.
"""


def s10(letters: str, number: int, country: str = "BR") -> str:
    """Two letters, eight digits, the check digit, the country: AA123456785BR for AA and 12345678."""
    serial = f"{number % 10**8:08d}"
    total = sum(int(serial[i]) * (8, 6, 4, 2, 3, 5, 9, 7)[i] for i in range(8))
    digit = 11 - total % 11
    digit = 0 if digit == 10 else 5 if digit == 11 else digit
    return f"{letters}{serial}{digit}{country}"
