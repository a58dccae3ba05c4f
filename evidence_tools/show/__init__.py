"""How the evidence is shown: display objects, words, narration, tables and charts."""
