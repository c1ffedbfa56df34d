"""`pricebook explain`."""

import click

from pricebook import wiring
from pricebook.cli.invocation import Invocation, invoked
from pricebook.view.manifests import RulePageView
from pricebook.view.plan import HAZARD_WORDS
from pricebook.workflow.rules import page_of


@click.command()
@click.argument("word", metavar="RULE")
@invoked("rule-page")
def command(invocation: Invocation, word: str) -> None:
    """Show the page of a rule, a hazard or an error code.

    A rule of the company has the message, the expressions and the hint of pricebook.yaml as its page.
    """
    project = invocation.project_if_any
    company = project.policy(invocation.environment[0]).company_rules if project is not None else ()
    meanings = {hazard.value: words for hazard, words in HAZARD_WORDS.items()}
    page = page_of(word, wiring.errors_page(), meanings, company)
    invocation.answer(RulePageView(word, page))
