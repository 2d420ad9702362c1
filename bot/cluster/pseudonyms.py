"""Consistent pseudonyms of names and addresses that keep what they have to do with each other.

A name is replaced word by word, so that a Pod still begins with the name of its Deployment, and the parts of a host
name still are a Service and its namespace. A misspelling of a word stays one. A word with digits is replaced by one
with digits, and what stands before a number stays if it says what something is, as ``node1`` looks like the name of a
Node and ``sovara`` does not. An address keeps its first and last bits; what is between is flipped bit by bit, by what
comes before it (as Crypto-PAn does; Xu, Fan, Ammar and Moon, ICNP 2002), so that two addresses share as long a prefix
as before, and are in the same networks.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Collection, Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

SHORTEST_LIKE = 4
"""Letters; shorter words are alike by chance (ours)."""
LONG = 7
"""Letters of a word that stays, from which on another may be a misspelling of it (ours): there are many of them."""
FIRST_BITS = {10: 8, 100: 10, 169: 16, 172: 12, 192: 16}
"""Bits that stay, by the first byte: private and shared networks (RFC 1918, 6598, 3927) stay what they are."""
LAST_BITS = {4: 8, 6: 16}
"""They stay: a network's first and last address remain that, and an address its place."""
FIRST_BITS_OF_IPV6 = 16

WORD = re.compile(r"[A-Za-z0-9]+")
_NUMBERS = re.compile(r"[0-9]+")
_IPV4 = re.compile(r"(?<![\w.-])(\d{1,3}(?:\.\d{1,3}){3})(?:/(\d{1,2}))?(?![\w-]|\.\d)")
_DASHED = re.compile(r"(?<=\bip-)\d{1,3}(?:-\d{1,3}){3}\b")
_COLONS = re.compile(r"(?<![\w:.])([0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?:/(\d{1,3}))?(?![\w:])")
_MAC = re.compile(r"(?<![\w:])[0-9a-f]{2}(?::[0-9a-f]{2}){5}(?![\w:])")
CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"
SYLLABLES = 3
NUMBERED = re.compile(r"([a-z]+)[0-9]+")
NUMBERS = 1000
"""Below which the number behind a word is (ours); more as they run out."""


class Pseudonyms:
    """Replaces names and addresses in text, the same ones by the same ones."""

    def __init__(self, secret: bytes, *, words: Iterable[str], kept: Collection[str]) -> None:
        """Replace words, given in small letters, but those that are kept; who has the secret can tell which."""
        self._secret = secret
        self._kept = frozenset(kept)
        self.words: dict[str, str] = {}
        """The pseudonym of each word."""
        self.addresses: dict[str, str] = {}
        """That of each address that was met."""
        words = set(words) - self._kept
        self._taken = set(words)
        self._bits: dict[tuple[int, int], int] = {}
        self._alike = {near: word for word in sorted(self._kept) if len(word) >= LONG for near in neighbours(word)}
        for word in sorted(words, key=lambda word: (len(word), word)):
            if not _NUMBERS.fullmatch(word):
                self.words[word] = self._pseudonym(word)

    def text(self, text: str) -> str:
        """Return a text with all names and addresses replaced."""
        found: list[str] = []
        rest = _MAC.sub(lambda match: self._put(found, self._mac(match[0])), text)
        rest = _COLONS.sub(lambda match: self._put(found, self._network(match)), rest)
        rest = _IPV4.sub(lambda match: self._put(found, self._network(match)), rest)
        rest = _DASHED.sub(
            lambda match: self._put(found, self.address(match[0].replace("-", ".")).replace(".", "-")), rest
        )
        rest = WORD.sub(lambda match: self._word(match[0]), rest)
        return re.sub("\0(\\d+)\0", lambda match: found[int(match[1])], rest)

    @staticmethod
    def _put(found: list[str], text: str) -> str:
        """Put a part aside, where later replacements do not see it."""
        found.append(text)
        return f"\0{len(found) - 1}\0"

    def _word(self, word: str) -> str:
        new = self.words.get(word.lower())
        if new is None:
            return word
        return new.upper() if word.isupper() else new.capitalize() if word[0].isupper() else new

    def _pseudonym(self, word: str) -> str:
        """Return a new word: a misspelling of the pseudonym of the word that it is a misspelling of, or any."""
        alike = next((self._alike[near] for near in neighbours(word) if near in self._alike), "")
        for near in neighbours(word):
            self._alike.setdefault(near, word)
        if alike:
            return self._variant(self.words.get(alike, alike), word)
        number = 0
        while (made := self._made(word, number)) in self._taken or made in self._kept:
            number += 1
        self._taken.add(made)
        return made

    def _made(self, word: str, number: int) -> str:
        """Return one of the words that a word can be replaced by."""
        digest = self._digest(f"word {word} {number}")
        pairs = zip(digest[::2], digest[1::2], strict=False)
        made = "".join(
            CONSONANTS[one % len(CONSONANTS)] + VOWELS[two % len(VOWELS)] for one, two in list(pairs)[:SYLLABLES]
        )
        if word.isalpha():
            return made
        numbered = NUMBERED.fullmatch(word)
        stem = numbered[1] if numbered and numbered[1] in self._kept else made
        return f"{stem}{int.from_bytes(digest[-4:]) % (NUMBERS * (number + 1))}"

    def _variant(self, base: str, word: str) -> str:
        """Return a misspelling of a word: one letter more."""
        number = 0
        while True:
            digest = self._digest(f"variant {base} {word} {number}")
            place = digest[0] % (len(base) + 1)
            made = base[:place] + CONSONANTS[digest[1] % len(CONSONANTS)] + base[place:]
            if made not in self._taken and made not in self._kept:
                self._taken.add(made)
                return made
            number += 1

    def _digest(self, seed: str) -> bytes:
        return hmac.digest(self._secret, seed.encode(), hashlib.sha256)

    # Addresses --------------------------------------------------------------------------------------------------------

    def address(self, text: str) -> str:
        """Return another address; what is none stays as it is."""
        try:
            found = ipaddress.ip_address(text)
        except ValueError:
            return text
        self.addresses[str(found)] = new = str(self._replaced(found, found.max_prefixlen))
        return new

    def _network(self, match: re.Match[str]) -> str:
        """Return the address, or the network, of a match."""
        try:
            found = ipaddress.ip_address(match[1])
        except ValueError:
            return match[0]
        if match[2] is None:
            return self.address(match[1])
        length = int(match[2])
        if length > found.max_prefixlen:
            return match[0]
        # A network has zeros behind its prefix; an address that is written with the length of its network has not.
        zeros = int(found) & ((1 << (found.max_prefixlen - length)) - 1) == 0
        return f"{self._replaced(found, length if zeros else found.max_prefixlen)}/{length}"

    def _replaced(self, address: Address, bits: int) -> Address:
        """Return an address with its first bits replaced, so many at most; what has a meaning of its own stays."""
        width, value = address.max_prefixlen, int(address)
        if isinstance(address, ipaddress.IPv6Address):
            # Unspecified, loopback, link-local (fe80::/10) and multicast (ff00::/8).
            start = value >> 112
            if start == 0 or start >> 6 == 0xFE80 >> 6 or start >> 8 == 0xFF:  # noqa: PLR2004
                return address
            first = FIRST_BITS_OF_IPV6
        else:
            # This network, loopback, link-local, multicast and those for later, with broadcast.
            byte = value >> 24
            if byte in (0, 127) or byte >= 224 or value >> 16 == 0xA9FE:  # noqa: PLR2004
                return address
            first = FIRST_BITS.get(byte, 8)
        for place in range(first, min(bits, width - LAST_BITS[address.version])):
            value ^= self._flip(int(address) >> (width - place), place, address.version) << (width - 1 - place)
        return type(address)(value)

    def _flip(self, prefix: int, place: int, version: int) -> int:
        """Return 1 where the bit behind a prefix is to be flipped."""
        key = (prefix | 1 << place, version)
        if key not in self._bits:
            self._bits[key] = self._digest(f"bit {version} {place} {prefix:x}")[0] & 1
        return self._bits[key]

    def _mac(self, text: str) -> str:
        """Return another MAC address, a locally administered one; those without an owner stay."""
        if text in ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"):
            return text
        return bytes([2, *self._digest(f"mac {text}")[:5]]).hex(":")


def neighbours(word: str) -> list[str]:
    """Return a word and what is left of it without one of its letters; words that share one differ by a slip or two."""
    if len(word) < SHORTEST_LIKE or not word.isalpha():
        return []
    return [word, *(word[:place] + word[place + 1 :] for place in range(len(word)))]
