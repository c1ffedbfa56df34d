"""`python -m pricebook`: the same as the `pricebook` command."""

from pricebook.cli.start import main

if __name__ == "__main__":
    main()
