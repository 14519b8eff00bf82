"""Words of reviews, graded from one star to five.

``{kind}`` is the kind of product in lower case, ``{look}`` a neutral phrase for one of the item's styles,
such as "vintage, old-time charm". Only the sentence around a look says whether the writer likes it.
"""

from python_assets.simulate.vocabulary import phrases

TITLES = {
    1: phrases("Very disappointed; Waste of money; Do not buy; Awful {kind}; Terrible; Sent it back"),
    2: phrases("Not for me; Expected better; Disappointing; Weak {kind}; Would not buy again; Below par"),
    3: phrases("It is okay; Average {kind}; Mixed feelings; So-so; Does the job; Neither good nor bad"),
    4: phrases("Good {kind}; Pretty good; Nice, with small flaws; Happy overall; Solid choice; Nearly perfect"),
    5: phrases("Love it; Perfect {kind}; Excellent; My new favorite {kind}; Wonderful; Could not be happier"),
}
OPENERS = {
    1: phrases(
        "I regret buying this {kind}.; The worst {kind} I have had.; This {kind} is terrible.; "
        "Very disappointed with this {kind}.; A waste of money.; I sent this {kind} back after two days."
    ),
    2: phrases(
        "I expected more from this {kind}.; This {kind} is disappointing.; A poor {kind}, sadly.; "
        "I would not buy this {kind} again.; This {kind} let me down."
    ),
    3: phrases(
        "This {kind} is okay.; An average {kind}, nothing more.; I have mixed feelings about this {kind}.; "
        "This {kind} does the job.; Some things about this {kind} work and some do not."
    ),
    4: phrases(
        "A good {kind} overall.; I am happy with this {kind}.; I like this {kind} a lot.; "
        "This {kind} works well.; Nice {kind} for the price."
    ),
    5: phrases(
        "I love this {kind}!; This {kind} is perfect.; The best {kind} I have owned.; "
        "An excellent {kind} in every way.; I could not be happier with this {kind}.; What a wonderful {kind}!"
    ),
}
LIKED_LOOKS = {
    3: phrases("The {look} is fine.; The {look} is neither here nor there for me."),
    4: phrases("I enjoy the {look}.; The {look} suits me well.; The {look} is a real plus."),
    5: phrases("I adore the {look}.; The {look} is exactly my taste.; The {look} won me over at once."),
}
DISLIKED_LOOKS = {
    1: phrases("I cannot stand the {look}.; The {look} is simply not my taste.; The {look} put me off at once."),
    2: phrases("The {look} is not my taste.; I do not care for the {look}.; The {look} does nothing for me."),
    3: phrases("The {look} is not really my thing.; I could do without the {look}."),
}
WORKMANSHIP = {
    1: phrases("It broke within a week.; Poor quality throughout.; It never worked properly."),
    2: phrases("The quality is poor for the price.; It feels badly made.; It has several faults."),
    3: phrases("The quality is average.; It is neither well nor badly made."),
    4: phrases("It is well made.; The quality is good.; It does what it promises."),
    5: phrases("The quality is outstanding.; Everything about it is well made.; It works flawlessly."),
}
CLOSERS = {
    1: phrases("Avoid it.; Save your money.; I want a refund."),
    2: phrases("Look elsewhere first.; I gave it away.; It sits unused in a drawer."),
    3: phrases("You may find a better one.; It will do for now.; I might look around next time."),
    4: phrases("I would buy it again.; Recommended.; My sister likes it too."),
    5: phrases("Highly recommended!; I will buy more as gifts.; Ten out of ten."),
}
