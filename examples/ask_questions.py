"""Ask questions about the sales of two stores, one after the other, and show how each was answered.

python examples/ask_questions.py
"""

from pathlib import Path

from ts_llm_fusion import ask

SALES = Path(__file__).parent / "sales.csv"
QUESTIONS = (
    "Which week was highest in the north store?",
    "How many days were above 150 in the north store?",
    "And in the south store?",
    "Will the north store be above 150 on 7 September?",
    "Why did the south store lose customers?",
)


def main() -> None:
    earlier: list[tuple[str, str]] = []
    for question in QUESTIONS:
        answer = ask(SALES, question, history=earlier, id_column="store", target="sales")
        print(f"{question}\n  [{answer.route}] {answer.text}")
        if answer.is_answered:
            earlier.append((question, answer.text))


if __name__ == "__main__":
    main()
