"""The specification language: typed terms, records, families, messages, timers, guarded actions.

sorts          types of values                  terms      expressions, built once each
specification  declarations and actions, checked when they are written down
walk           the plain evaluator (the oracle)  generate   the same as Python source (the product)
machine        a specification made concrete: sizes and rigid values chosen, runs, explanations
document       a specification as readable text  diagrams   its state diagrams (Mermaid, DOT)

It knows nothing of IKE. Facts and measurements behind the design: formal methods notes, section 5.
"""
