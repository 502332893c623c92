"""The Markdown that `make bench` and `make bench-file` print, made from what they have measured."""

import textwrap

ORDER = ["engine", "oneDAL", "scikit-learn", "linfa", "derivation"]


def paragraph(text):
    return textwrap.fill(text, 118, break_long_words=False, break_on_hyphens=False)


def digits(value, count=3):
    """To so many significant digits, without an exponent."""
    return f"{float(f'{value:.{count}g}'):.15g}"


def markdown(results):
    machine, versions = results["machine"], results["versions"]
    peers = ", ".join(f"{name} {version}" for name, version in versions.items())
    words = (
        f"Milliseconds for one sweep, on 1 and on 2 threads, and in brackets how many times the engine's; measured on "
        f"{results['date']} on {machine['cpu']} ({machine['cores']} cores), side by side: all contenders start from "
        "the same parameters, in 64-bit floats, and take turns; the median of their turns counts. After "
        f"{results['sweeps']} sweeps their ℓ (for k-means, J) agree to {results['tolerance']:.1e} of it. The limit is "
        "the time of d² + 2d + 13 multiply–adds a pair of datum and component, at the rate of a loop that does nothing "
        f"else. {peers}."
    )
    lines = [
        paragraph(words),
        "",
        "| n, d, k | engine | of the limit | "
        + " | ".join(ORDER[1:])
        + " | memory beyond the data, MB: engine, oneDAL, scikit-learn |",
        "|---" * (len(ORDER) + 3) + "|",
    ]
    for size in results["sizes"]:
        cells = [times(size["contenders"], name) for name in ORDER]
        cells.insert(1, share(size))
        memory = ", ".join(megabytes(size["contenders"], name) for name in ORDER[:3])
        lines.append(f"| {size['size']} | " + " | ".join(cells) + f" | {memory} |")
    return "\n".join(lines)


def of(records, name, threads):
    return next((one for one in records if (one["contender"], one["threads"]) == (name, threads)), {})


def times(records, name):
    """Its time on one thread and on two, and how many times the engine's each of them is."""
    own = [of(records, name, threads).get("ms") for threads in (1, 2)]
    engine = [of(records, "engine", threads).get("ms") for threads in (1, 2)]
    known = [ms for ms in own if ms]
    if not known:
        return "–"
    ratios = [f"{digits(ms / base, 2)}×" for ms, base in zip(own, engine) if ms and base]
    text = ", ".join(map(digits, known))
    return f"{text} ({', '.join(ratios)})" if ratios and name != "engine" else text


def share(size):
    """What part of the time of the engine on one thread the arithmetic alone would take."""
    ms = of(size["contenders"], "engine", 1).get("ms")
    return f"{size['limit_ms'] / ms:.0%}" if ms and "limit_ms" in size else "–"


def megabytes(records, name):
    count = of(records, name, 1).get("bytes")
    return "–" if count is None else digits(count / 1e6, 2)


def whole(result):
    """What `make bench-file` has measured: seconds from a file to a fit."""
    cpu, cores = result["machine"]["cpu"], result["machine"]["cores"]
    words = (
        f"From a CSV file of {result['megabytes']:.0f} MB ({result['size']}) to the parameters after "
        f"{result['sweeps']} sweeps, each a whole process that begins at the same parameters; measured on "
        f"{result['date']} on {cpu} ({cores} cores), in turn, {times_each(result['turns'])}. All come to the same ℓ. "
        + ", ".join(f"{name} {version}" for name, version in result["versions"].items())
        + "."
    )
    own = result["seconds"]["executable-em"]
    rows = [f"| {name} | {digits(took)} | {digits(took / own)} |" for name, took in result["seconds"].items()]
    return "\n".join([paragraph(words), "", "| | seconds | times ours |", "|---|---|---|", *rows])


def optima(result):
    """What whole fits have taken, to the best optimum: seconds, times ours, and how far short of the best ℓ."""
    cpu, cores = result["machine"]["cpu"], result["machine"]["cores"]
    words = (
        "Seconds from a CSV file to the best of ten starts (of executable-em, to what it finds by default), each a "
        "whole process on all cores; in brackets how many times ours, and by how many nats a datum ℓ falls short of "
        "the highest that anybody found, where that is more than 1e-6; of several fits, the largest. Measured on "
        f"{result['date']} on {cpu} ({cores} cores), in turn; small fits three times, of which the median counts. "
        + ", ".join(f"{name} {version}" for name, version in result["versions"].items())
        + "."
    )
    names = list(dict.fromkeys(name for row in result["rows"] for name in row["contenders"]))
    lines = [paragraph(words), "", "| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for row in result["rows"]:
        own = row["contenders"]["executable-em"]["seconds"]
        cells = [optimum(row["contenders"].get(name), own, result["longest"]) for name in names]
        lines.append(f"| {row['name']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def rests(result):
    """What k-means has taken until no mean moves."""
    cpu, cores = result["machine"]["cpu"], result["machine"]["cores"]
    words = (
        "Seconds until no mean moves, on 1 and on 2 threads, and in brackets how many times the engine's; measured on "
        f"{result['date']} on {cpu} ({cores} cores): all contenders start from the same means, in 64-bit floats, and "
        f"take turns, {times_each(result['turns'])}; they come to the same J, to {result['tolerance']:.0e} of it. "
        + ", ".join(f"{name} {version}" for name, version in result["versions"].items())
        + "."
    )
    names = {"to rest": "engine", "lloyd": "scikit-learn, lloyd", "elkan": "scikit-learn, elkan"}
    lines = [paragraph(words), "", "| n, d, k | " + " | ".join(names.values()) + " |", "|---" * (len(names) + 1) + "|"]
    for row in result["rows"]:
        seconds, cells = row["seconds"], []
        for name in names:
            took = [seconds[name, threads] for threads in (1, 2)]
            ratios = [f"{digits(seconds[name, threads] / seconds['to rest', threads], 2)}×" for threads in (1, 2)]
            said = "" if name == "to rest" else f" ({', '.join(ratios)})"
            cells.append(", ".join(map(digits, took)) + said)
        lines.append(f"| {row['case']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def optimum(found, own, longest):
    if found is None:
        return "–"
    seconds, short = found["seconds"], found["short"]
    if seconds is None:
        return f"> {longest} (> {digits(longest / own, 2)}×)"
    said = [f"{digits(seconds / own, 2)}×"] if seconds != own else []
    if short > 1e-6:
        said.append(f"short by {short:.0e}")
    return digits(seconds, 2) + (f" ({', '.join(said)})" if said else "")


def times_each(turns):
    return "once each" if turns == 1 else f"the median of {turns}"


def markers(table):
    command = {"bench-optimum": "bench-file", "bench-rest": "bench"}.get(table, table)
    return f"<!-- {table}: written by `make {command}` -->", f"<!-- end of {table} -->"


def into(text, table, command="bench"):
    """The text with the table between the markers of its command, if it has them."""
    begin, end = markers(command)
    if begin not in text or end not in text:
        return text
    before, rest = text.split(begin, 1)
    return f"{before}{begin}\n\n{table}\n\n{end}{rest.split(end, 1)[1]}"
