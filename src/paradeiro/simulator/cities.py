"""In: nothing; out: cities of Brazil with their state and the hours by road to São Paulo."""

# (city as Correios writes it, state, hours by road to São Paulo)
CITIES = (
    ("SAO PAULO", "SP", 1),
    ("CAMPINAS", "SP", 2),
    ("RIBEIRAO PRETO", "SP", 5),
    ("SOROCABA", "SP", 2),
    ("RIO DE JANEIRO", "RJ", 7),
    ("NITEROI", "RJ", 8),
    ("BELO HORIZONTE", "MG", 9),
    ("UBERLANDIA", "MG", 9),
    ("OURO PRETO", "MG", 11),
    ("CURITIBA", "PR", 7),
    ("LONDRINA", "PR", 8),
    ("FLORIANOPOLIS", "SC", 11),
    ("PORTO ALEGRE", "RS", 18),
    ("BRASILIA", "DF", 15),
    ("GOIANIA", "GO", 14),
    ("SALVADOR", "BA", 30),
    ("RECIFE", "PE", 40),
    ("FORTALEZA", "CE", 45),
    ("BELEM", "PA", 50),
    ("MANAUS", "AM", 80),
    ("XAPURI", "AC", 75),
    ("VITORIA", "ES", 14),
)
HUBS = (("CAJAMAR", "SP"), ("INDAIATUBA", "SP"))
