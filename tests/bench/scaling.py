#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times vitq on more threads and on more images at a time, against one of each, in one alternating run as
peers.py does, whose arguments it takes (-t 2 and -b 8 unless told).

    scaling.py --reuse                    with the models that the last run of peers.py has left
"""

import environment
import page
import peers


def gather(options):
    """Each kind with one thread and image, with more threads, and with more images."""
    import parties
    shop, source = peers.workshop(options)
    return {kind: [parties.Ours(f"{kind}, {threads} threads, batch {batch}", shop.programs, model, threads, batch)
                   for threads, batch in ((1, 1), (options.threads, 1), (1, options.batch))]
            for kind, model in shop.our_models(source, options).items()}


def main():
    options = peers.arguments(__doc__, threads=2, batch=8, limit=0)
    environment.enter(options.isa)
    environment.pin(options.threads)
    found = gather(options)
    rounds = peers.alternate([party for kind in found.values() for party in kind], options)
    report = {"cpu": environment.cpu(), "isa": environment.isa(), "threads": options.threads,
              "batch": options.batch, "rounds": options.rounds, "iters": options.iters,
              "kinds": {kind: list(peers.summary({party.name: rounds[party.name] for party in each}).values())
                        for kind, each in found.items()}}
    print(page.scaling(report))
    if options.page:
        page.add_scaling(options.page, peers.network_of(options), report)


if __name__ == "__main__":
    main()
